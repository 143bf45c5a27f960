//! What people read. Programs read the reason.

use super::Reason;
use crate::domain::Locale;

/// One sentence, without anything that is secret or particular to the call.
pub(super) fn message(reason: Reason, locale: Locale) -> &'static str {
    let (english, japanese) = texts(reason.as_str());
    match locale {
        Locale::En => english,
        Locale::Ja => japanese,
    }
}

fn texts(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "VALIDATION_ERROR" => ("The request is not valid.", "リクエストの内容に誤りがあります。"),
        "EMAIL_ALREADY_EXISTS" => {
            ("This e-mail address already has an account.", "このメールアドレスは既に登録されています。")
        }
        "SESSION_NOT_FOUND" => (
            "No code is pending, or it has expired. Please start again.",
            "有効な手続きがないか、期限が切れています。最初からやり直してください。",
        ),
        "INVALID_CODE" => ("The code is wrong.", "認証コードが正しくありません。"),
        "INVALID_CREDENTIALS" => {
            ("The e-mail address or the password is wrong.", "メールアドレスまたはパスワードが正しくありません。")
        }
        "CLIENT_ID_MISMATCH" => ("This was issued to another client.", "別のクライアントに対して発行されたものです。"),
        "REFRESH_TOKEN_INVALID" => ("The refresh token is not valid.", "リフレッシュトークンが無効です。"),
        "REFRESH_TOKEN_EXPIRED" => (
            "The session has expired. Please sign in again.",
            "セッションの有効期限が切れました。もう一度ログインしてください。",
        ),
        "REFRESH_TOKEN_REUSED" => (
            "The session was ended because an old token was used again. Please sign in again.",
            "使用済みのトークンが再び使われたため、セッションを終了しました。もう一度ログインしてください。",
        ),
        "UNAUTHORIZED" => ("Please sign in.", "ログインが必要です。"),
        "ACCESS_TOKEN_INVALID" => ("The access token is not valid.", "アクセストークンが無効です。"),
        "ACCESS_TOKEN_EXPIRED" => ("The access token has expired.", "アクセストークンの有効期限が切れています。"),
        "SESSION_REVOKED" => (
            "This session has ended. Please sign in again.",
            "このセッションは終了しています。もう一度ログインしてください。",
        ),
        "STEP_UP_REQUIRED" => {
            ("Please confirm who you are once more.", "安全のため、もう一度本人確認を行ってください。")
        }
        "PERMISSION_DENIED" => ("You are not allowed to do this.", "この操作を行う権限がありません。"),
        "ACCOUNT_DISABLED" => ("This account is disabled.", "このアカウントは無効化されています。"),
        "NOT_FOUND" => ("There is no such thing.", "見つかりませんでした。"),
        "SESSION_LIMIT_REACHED" => {
            ("You are signed in in too many places.", "同時にログインできる端末数の上限に達しています。")
        }
        "RATE_LIMIT_EXCEEDED" => {
            ("Too many attempts. Please wait a moment.", "試行回数が多すぎます。しばらく待ってからお試しください。")
        }
        "OVERLOADED" | "STORE_UNAVAILABLE" => (
            "The service is busy. Please try again in a moment.",
            "ただいま混み合っています。しばらくしてからお試しください。",
        ),
        "METHOD_NOT_ALLOWED" => ("This method is not allowed here.", "このメソッドは使用できません。"),
        "UNSUPPORTED_MEDIA_TYPE" => {
            ("The body must be application/json.", "本文は application/json で送信してください。")
        }
        "REQUEST_TOO_LARGE" => ("The request is too large.", "リクエストが大きすぎます。"),
        "DEADLINE_EXCEEDED" => ("There was no answer in time.", "時間内に処理が完了しませんでした。"),
        _ => ("Something went wrong on our side.", "内部エラーが発生しました。"),
    }
}
