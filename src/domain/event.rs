//! What happened, for the audit log: one enum for every outcome of every flow.

use std::{net::IpAddr, sync::Arc};

use super::{ClientId, SessionId, Timestamp, UserId};

/// Where a call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address, if it is known.
    pub address: Option<IpAddr>,
    /// The id that logs and the caller share.
    pub request_id: Arc<str>,
}

/// One line of the audit log. Holds no address of mail, code or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Whose account, if it is known.
    pub user_id: Option<UserId>,
    /// Which session, if one is concerned.
    pub session_id: Option<SessionId>,
    /// Which client asked.
    pub client_id: Option<ClientId>,
    /// A keyed hash of the e-mail address: tells lines about one mailbox
    /// together, and tells nobody the mailbox.
    pub mailbox: Option<[u8; 32]>,
    /// Where the call came from.
    pub origin: Origin,
}

impl Event {
    /// Something that happened now, from there.
    pub fn new(at: Timestamp, kind: EventKind, origin: &Origin) -> Self {
        Self { at, kind, user_id: None, session_id: None, client_id: None, mailbox: None, origin: origin.clone() }
    }

    /// To this person.
    pub fn user(mut self, id: UserId) -> Self {
        self.user_id = Some(id);
        self
    }

    /// With this session.
    pub fn session(mut self, id: SessionId) -> Self {
        self.session_id = Some(id);
        self
    }

    /// By this client.
    pub fn client(mut self, id: &ClientId) -> Self {
        self.client_id = Some(id.clone());
        self
    }

    /// About this mailbox.
    pub fn mailbox(mut self, digest: [u8; 32]) -> Self {
        self.mailbox = Some(digest);
        self
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[doc = $doc])* $name,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word that is stored; never changes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim(),)* }
            }
        }
    };
}

kinds! {
    /// A code was mailed to a free address.
    SignupCodeSent = "signup_code_sent",
    /// A sign-up was asked for at an address with an account.
    SignupAddressTaken = "signup_address_taken",
    /// Another code was asked for.
    SignupCodeResent = "signup_code_resent",
    /// A code was asked for, or presented, where none was pending.
    SignupNotPending = "signup_not_pending",
    /// A wrong code.
    SignupCodeWrong = "signup_code_wrong",
    /// A code, or a wish for one, by another client.
    SignupClientMismatch = "signup_client_mismatch",
    /// The account was made.
    SignupCompleted = "signup_completed",
    /// Signed in.
    LoginSucceeded = "login_succeeded",
    /// No such account.
    LoginUnknown = "login_unknown",
    /// Wrong password.
    LoginWrongPassword = "login_wrong_password",
    /// The right password of a disabled account.
    LoginDisabled = "login_disabled",
    /// The right password, but too many sessions.
    LoginSessionLimit = "login_session_limit",
    /// A session ended to make room.
    SessionEvicted = "session_evicted",
    /// A refresh token was exchanged.
    RefreshRotated = "refresh_rotated",
    /// A refresh token was presented again within the grace.
    RefreshReplayed = "refresh_replayed",
    /// A refresh token was presented again after the grace, its successor unused.
    RefreshLateRetry = "refresh_late_retry",
    /// A refresh token was ahead of the store's record.
    RefreshRecovered = "refresh_recovered",
    /// A spent refresh token came back; the session ended.
    RefreshReused = "refresh_reused",
    /// A refresh token that is not ours, or of no session.
    RefreshUnknown = "refresh_unknown",
    /// A refresh token of a session that has expired.
    RefreshExpired = "refresh_expired",
    /// A refresh token presented by another client.
    RefreshClientMismatch = "refresh_client_mismatch",
    /// Signed out.
    LoggedOut = "logged_out",
    /// Signed out of a session that the store does not have: it has expired, or was
    /// lost.
    LoggedOutLost = "logged_out_lost",
    /// A sign-out with a token that is not ours, or of a session that was taken back
    /// before.
    LogoutUnknown = "logout_unknown",
    /// A sign-out with another client's token.
    LogoutClientMismatch = "logout_client_mismatch",
    /// A code for another password was mailed.
    ResetCodeSent = "reset_code_sent",
    /// A code for another password was asked for at an address without an account.
    ResetUnknown = "reset_unknown",
    /// A wrong code.
    ResetCodeWrong = "reset_code_wrong",
    /// A right code: another password may be chosen.
    ResetCodeRight = "reset_code_right",
    /// A code or token was presented where none was pending.
    ResetNotPending = "reset_not_pending",
    /// A code or token by another client.
    ResetClientMismatch = "reset_client_mismatch",
    /// The right code of a disabled account.
    ResetDisabled = "reset_disabled",
    /// Another password was chosen by code; every session ended.
    PasswordReset = "password_reset",
    /// Another password was chosen by somebody signed in; other sessions ended.
    PasswordChanged = "password_changed",
    /// A code was mailed to the address that an account is to move to.
    EmailChangeCodeSent = "email_change_code_sent",
    /// The address that an account is to move to has an account.
    EmailChangeTaken = "email_change_taken",
    /// A wrong code.
    EmailChangeCodeWrong = "email_change_code_wrong",
    /// A code was presented where none was pending.
    EmailChangeNotPending = "email_change_not_pending",
    /// The account has another address.
    EmailChanged = "email_changed",
    /// Somebody signed in proved who they are once more.
    Reauthenticated = "reauthenticated",
    /// Somebody signed in gave a wrong password.
    StepUpWrongPassword = "step_up_wrong_password",
    /// The account was deleted.
    AccountDeleted = "account_deleted",
    /// The profile was read.
    ProfileRead = "profile_read",
    /// The profile was changed.
    ProfileUpdated = "profile_updated",
    /// The sessions were listed.
    SessionsListed = "sessions_listed",
    /// One session was ended from the list.
    SessionRevoked = "session_revoked",
    /// A session to be ended was not there.
    SessionNotFound = "session_not_found",
    /// All sessions were ended, or all others.
    SessionsRevoked = "sessions_revoked",
    /// An access token of a session that has ended.
    CallerRevoked = "caller_revoked",
    /// A limit was reached.
    RateLimited = "rate_limited",
    /// A service got a token of its own.
    ServiceTokenIssued = "service_token_issued",
    /// No such service.
    ServiceUnknown = "service_unknown",
    /// Not the secret of the service.
    ServiceWrongSecret = "service_wrong_secret",
    /// The right secret of a service that was disabled.
    ServiceRefusedDisabled = "service_refused_disabled",
    /// A service asked for a scope that it does not have.
    ServiceScopeDenied = "service_scope_denied",
    /// The account of a service was made.
    ServiceCreated = "service_created",
    /// The account of a service was ended.
    ServiceDisabled = "service_disabled",
    /// A service was given another secret.
    ServiceRotated = "service_rotated",
    /// A service was known by the certificate of its connection.
    ServiceCertificateAccepted = "service_certificate_accepted",
    /// A certificate, and no token, of whom no service has the name.
    ServiceCertificateUnknown = "service_certificate_unknown",
    /// A token of one service over a connection that is another's by its certificate.
    ServiceCertificateMismatch = "service_certificate_mismatch",
    /// The certificates of a service were given a name.
    ServiceIdentityAdded = "service_identity_added",
    /// The certificates of a service lost a name, and the service its tokens.
    ServiceIdentityRemoved = "service_identity_removed",
    /// One access token was taken back.
    TokenRevoked = "token_revoked",
    /// A token to be taken back was not ours, or good no more.
    TokenRevocationIgnored = "token_revocation_ignored",
    /// A service asked about an access token.
    TokenIntrospected = "token_introspected",
    /// A service follows the feed of revocations.
    FeedFollowed = "feed_followed",
    /// An administrator looked at an account.
    AdminUserRead = "admin_user_read",
    /// An administrator disabled an account; every session ended.
    AdminUserDisabled = "admin_user_disabled",
    /// An administrator enabled an account again.
    AdminUserEnabled = "admin_user_enabled",
    /// An administrator ended every session of a person.
    AdminSessionsEnded = "admin_sessions_ended",
    /// An administrator replaced the roles of a person.
    AdminRolesSet = "admin_roles_set",
    /// A one-time token that makes an administrator was printed.
    AdminTokenIssued = "admin_token_issued",
    /// The same was redeemed.
    AdminTokenSpent = "admin_token_spent",
    /// It was not ours, too old, or spent before.
    AdminTokenRefused = "admin_token_refused",
    /// An administrator had a code for another password mailed.
    AdminResetStarted = "admin_reset_started",
    /// The audit log was read by its person, or by a service.
    AuditRead = "audit_read",
}

impl EventKind {
    /// Routine events are counted and logged, but make no row: a refresh must
    /// not cost a write to the accounts' database.
    pub const fn is_routine(self) -> bool {
        matches!(
            self,
            Self::RefreshRotated
                | Self::RefreshReplayed
                | Self::RefreshUnknown
                | Self::RefreshExpired
                | Self::LogoutUnknown
                | Self::ProfileRead
                | Self::SessionsListed
                | Self::CallerRevoked
                | Self::RateLimited
                | Self::ServiceTokenIssued
                | Self::ServiceUnknown
                | Self::ServiceCertificateAccepted
                | Self::ServiceCertificateUnknown
                | Self::TokenRevocationIgnored
                | Self::TokenIntrospected
                | Self::FeedFollowed
                | Self::AuditRead
        )
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Whether the person whose account is concerned may read it: what became of the
    /// account and its sessions, and not how the service came to know.
    pub const fn is_shown_to_its_person(self) -> bool {
        matches!(
            self,
            Self::SignupCompleted
                | Self::LoginSucceeded
                | Self::LoginWrongPassword
                | Self::LoginDisabled
                | Self::LoginSessionLimit
                | Self::SessionEvicted
                | Self::RefreshReused
                | Self::RefreshClientMismatch
                | Self::LoggedOut
                | Self::LoggedOutLost
                | Self::ProfileUpdated
                | Self::SessionRevoked
                | Self::SessionsRevoked
                | Self::TokenRevoked
                | Self::ResetCodeSent
                | Self::ResetCodeRight
                | Self::PasswordReset
                | Self::PasswordChanged
                | Self::EmailChangeCodeSent
                | Self::EmailChanged
                | Self::Reauthenticated
                | Self::StepUpWrongPassword
                | Self::AccountDeleted
                | Self::AdminUserDisabled
                | Self::AdminUserEnabled
                | Self::AdminSessionsEnded
                | Self::AdminRolesSet
                | Self::AdminTokenSpent
                | Self::AdminTokenRefused
                | Self::AdminResetStarted
        )
    }
}
