//! Beside the server that needs nothing.

use tonic::Code;

use super::{
    ADA, change_password, delete_account, dev_settings, log_out, log_out_everywhere, reset_password, sign_in,
    sign_in_with,
};
use crate::support::{
    process::Service,
    sibling::{GREET, Sibling, WELCOME},
};

const CLIENT: &str = "laptop";
const ANOTHER_PASSWORD: &str = "seven silent rivers under ice";

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

/// R29, R44.
#[tokio::test(flavor = "multi_thread")]
async fn siblings_refuse_who_was_signed_in_before_a_new_password_or_the_end_of_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let sekisho = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let sibling = Sibling::beside(&sekisho, folder.path()).await;
    sekisho.sign_up(ADA, CLIENT).await;
    let [changes, _] = sign_in(&sekisho, CLIENT).await;
    let [other, _] = sign_in(&sekisho, CLIENT).await;
    sibling.lets_in(&other).await;

    change_password(&sekisho, &changes).await;
    sibling.refuses(&other).await;
    sibling.lets_in(&changes).await;

    reset_password(&sekisho, CLIENT, ANOTHER_PASSWORD).await;
    sibling.refuses(&changes).await;
    let [last, _] = sign_in_with(&sekisho, ANOTHER_PASSWORD, CLIENT).await;
    sibling.lets_in(&last).await;

    delete_account(&sekisho, &last).await;
    sibling.refuses(&last).await;
}
