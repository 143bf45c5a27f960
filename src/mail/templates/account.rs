//! What the notices about an account say: what happened, and how to react.

use crate::domain::{Locale, notice::AccountNews};

/// One line.
pub(super) fn subject(what: &AccountNews, locale: Locale) -> &'static str {
    let (english, japanese) = match *what {
        AccountNews::NewDevice => {
            ("Security alert: sign-in on a new device", "【Sekisho】重要：新しい端末からログインがありました")
        }
        AccountNews::PasswordChanged => {
            ("Security alert: your Sekisho password was changed", "【Sekisho】重要：パスワードが変更されました")
        }
        AccountNews::PasswordReset => {
            ("Security alert: your Sekisho password was reset", "【Sekisho】重要：パスワードが再設定されました")
        }
        AccountNews::EmailChangeRequested => (
            "Security alert: your Sekisho e-mail address is about to change",
            "【Sekisho】重要：メールアドレスの変更が申請されました",
        ),
        AccountNews::EmailChanged => (
            "Security alert: your Sekisho e-mail address was changed",
            "【Sekisho】重要：メールアドレスが変更されました",
        ),
        AccountNews::AccountDeleted => ("Your Sekisho account was deleted", "【Sekisho】アカウントが削除されました"),
        AccountNews::AccountDisabled => {
            ("Your Sekisho account was disabled", "【Sekisho】アカウントが無効になりました")
        }
        AccountNews::AccountEnabled => {
            ("Your Sekisho account was enabled again", "【Sekisho】アカウントが再び有効になりました")
        }
        AccountNews::MadeAdministrator => (
            "Security alert: your Sekisho account was made an administrator",
            "【Sekisho】重要：アカウントに管理者権限が付与されました",
        ),
    };
    match locale {
        Locale::En => english,
        Locale::Ja => japanese,
    }
}

/// What happened.
pub(super) fn happened(what: &AccountNews, locale: Locale) -> &'static str {
    let (english, japanese) = match *what {
        AccountNews::NewDevice => (
            "Somebody signed in to your Sekisho account on a device that has not been used before.",
            "お客様の Sekisho アカウントに、これまでに使用されていない端末からログインがありました。",
        ),
        AccountNews::PasswordChanged => (
            "The password of your Sekisho account was changed. All other sessions were ended.",
            "お客様の Sekisho アカウントのパスワードが変更されました。その他のセッションはすべて終了しました。",
        ),
        AccountNews::PasswordReset => (
            "The password of your Sekisho account was reset with a code that was sent to this address. All sessions \
             were ended.",
            "このアドレス宛てのコードにより、お客様の Sekisho アカウントのパスワードが再設定されました。すべてのセッションを終了しました。",
        ),
        AccountNews::EmailChangeRequested => (
            "Somebody who is signed in to your Sekisho account wants to move it to another e-mail address. Nothing has \
             changed yet: a code was sent to the new address.",
            "お客様の Sekisho アカウントのメールアドレスを変更する申請がありました。新しいアドレスに確認コードを送信しました。まだ何も変更されていません。",
        ),
        AccountNews::EmailChanged => (
            "The e-mail address of your Sekisho account was changed.",
            "お客様の Sekisho アカウントのメールアドレスが変更されました。",
        ),
        AccountNews::AccountDeleted => (
            "Your Sekisho account was deleted, with all that belonged to it.",
            "お客様の Sekisho アカウントと、それに属するすべてのデータが削除されました。",
        ),
        AccountNews::AccountDisabled => (
            "An administrator has disabled your Sekisho account. All sessions were ended.",
            "管理者がお客様の Sekisho アカウントを無効にしました。すべてのセッションを終了しました。",
        ),
        AccountNews::AccountEnabled => (
            "An administrator has enabled your Sekisho account again.",
            "管理者がお客様の Sekisho アカウントを再び有効にしました。",
        ),
        AccountNews::MadeAdministrator => (
            "Your Sekisho account was made an administrator, with a one-time token of the operator.",
            "お客様の Sekisho アカウントで運用者のワンタイムトークンが使用され、管理者権限が付与されました。",
        ),
    };
    match locale {
        Locale::En => english,
        Locale::Ja => japanese,
    }
}

/// How to react.
pub(super) fn advice(what: &AccountNews, locale: Locale) -> &'static str {
    let (english, japanese) = match *what {
        AccountNews::NewDevice => (
            "If this was you, there is nothing to do. If it was not, change your password at once, and end the \
             sessions that you do not know.",
            "お心当たりがある場合は、何もする必要はありません。お心当たりのない場合は、すぐにパスワードを変更し、見覚えのないセッションを終了してください。",
        ),
        AccountNews::PasswordChanged | AccountNews::PasswordReset => (
            "If this was you, there is nothing to do. If it was not, reset your password at once from the sign-in page, \
             and check who else can read your mail.",
            "お心当たりがある場合は、何もする必要はありません。お心当たりのない場合は、すぐにログイン画面からパスワードを再設定し、他の人がこのメールを読める状態にないか確認してください。",
        ),
        AccountNews::EmailChangeRequested => (
            "If this was you, enter the code. If it was not, change your password at once: somebody knows it.",
            "お心当たりがある場合は、コードを入力してください。お心当たりのない場合は、パスワードが知られています。すぐにパスワードを変更してください。",
        ),
        AccountNews::EmailChanged => (
            "If this was you, there is nothing to do. If it was not, contact the service that you use at once: this \
             address can no longer reset the password.",
            "お心当たりがある場合は、何もする必要はありません。お心当たりのない場合は、ご利用のサービスへすぐにご連絡ください。元のアドレスではパスワードを再設定できません。",
        ),
        AccountNews::AccountDeleted => (
            "If this was not you, contact the service that you use. The account cannot be brought back.",
            "お心当たりのない場合は、ご利用のサービスへご連絡ください。アカウントを元に戻すことはできません。",
        ),
        AccountNews::AccountDisabled => (
            "If you do not know why, contact the service that you use.",
            "理由にお心当たりのない場合は、ご利用のサービスへご連絡ください。",
        ),
        AccountNews::AccountEnabled => ("You can sign in as usual.", "通常どおりログインできます。"),
        AccountNews::MadeAdministrator => (
            "If this was you, there is nothing to do. If it was not, change your password at once, and tell the operator \
             of the service.",
            "お心当たりがある場合は、何もする必要はありません。お心当たりのない場合は、すぐにパスワードを変更し、サービスの運用者へご連絡ください。",
        ),
    };
    match locale {
        Locale::En => english,
        Locale::Ja => japanese,
    }
}
