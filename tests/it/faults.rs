//! Stores that break while the service runs: whoever needs one is told to come
//! back, nobody is taken for signed out, and afterwards all goes on by itself.

mod apart;
pub mod broken;
mod ends;
mod outage;

/// Every outage of one store: a function of [`broken`].
macro_rules! outages {
    ($($store:ident)+) => {$(
        mod $store {
            use crate::support::proxy::Mode;
            use std::time::Duration;

            outages! { $store
                nobody_listens: Mode::Refuse,
                nothing_is_answered: Mode::Hang,
                // Later than any deadline.
                everything_is_late: Mode::Delay(Duration::from_secs(3)),
                connections_break_in_the_middle: Mode::Cut,
                what_is_sent_is_lost: Mode::HalfOpen,
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn connections_that_broke_while_idle_are_replaced() {
                let broken = crate::faults::broken::$store().await;
                crate::faults::outage::connections_that_broke_while_idle_are_replaced(broken).await;
            }
        }
    )+};
    ($store:ident $($name:ident: $mode:expr,)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let broken = crate::faults::broken::$store().await;
            crate::faults::outage::is_told_and_passes(broken, $mode).await;
        }
    )+};
}

outages!(postgres redis);
