//! Beside the server that needs nothing.

use tonic::Code;

use super::{ADA, dev_settings, log_out, log_out_everywhere, sign_in};
use crate::support::{
    process::Service,
    sibling::{GREET, Sibling, WELCOME},
};

const CLIENT: &str = "laptop";

#[tokio::test(flavor = "multi_thread")]
async fn siblings_let_in_who_is_signed_in_and_refuse_who_no_longer_is() {
    let folder = tempfile::tempdir().unwrap();
    let sekisho = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let (first, second) =
        (Sibling::beside(&sekisho, folder.path()).await, Sibling::beside(&sekisho, folder.path()).await);
    sekisho.sign_up(ADA, CLIENT).await;
    let [out, its_refresh] = sign_in(&sekisho, CLIENT).await;
    let [stays, _] = sign_in(&sekisho, CLIENT).await;

    for sibling in [&first, &second] {
        sibling.call(WELCOME, None).await.unwrap();
        assert_eq!(sibling.call(GREET, None).await.unwrap_err().code(), Code::Unauthenticated);
        sibling.lets_in(&out).await;
        sibling.lets_in(&stays).await;
    }

    log_out(&sekisho, &its_refresh, CLIENT).await;
    for sibling in [&first, &second] {
        sibling.refuses(&out).await;
        sibling.lets_in(&stays).await;
    }

    log_out_everywhere(&sekisho, &stays).await;
    for sibling in [&first, &second] {
        sibling.refuses(&stays).await;
    }
}
