//! Rules that a field of a request can break.

use crate::domain::Locale;

/// A field and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, as in the proto.
    pub field: String,
    /// The rule.
    pub rule: Rule,
}

impl Violation {
    /// `field` breaks `rule`.
    pub fn new(field: impl Into<String>, rule: Rule) -> Self {
        Self { field: field.into(), rule }
    }
}

/// What is wrong with a field. Never carries the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Absent or empty.
    Required,
    /// Shorter than so many characters.
    TooShort(usize),
    /// Longer than so many characters.
    TooLong(usize),
    /// Not of the documented form.
    Malformed,
    /// Holds NUL or another control character.
    ControlCharacter,
    /// Not one of the listed values.
    Unsupported,
    /// A password that everybody tries first.
    CommonPassword,
    /// A password made of the address or the product's name.
    GuessablePassword,
    /// What it is already.
    Unchanged,
    /// A password with fewer than so many classes of characters.
    CharacterClasses(usize),
    /// A password that the account had before.
    ReusedPassword,
    /// Not a field of this request.
    UnknownField,
    /// Given twice.
    Repeated,
    /// Not of the field's JSON type.
    WrongType,
    /// The body is not a JSON object.
    InvalidJson,
    /// The message is not valid protobuf.
    InvalidProtobuf,
}

impl Rule {
    /// Every rule, with sample bounds, in the order of the documents.
    pub const ALL: [Self; 16] = [
        Self::Required,
        Self::TooShort(8),
        Self::TooLong(254),
        Self::Malformed,
        Self::ControlCharacter,
        Self::Unsupported,
        Self::CommonPassword,
        Self::GuessablePassword,
        Self::Unchanged,
        Self::CharacterClasses(3),
        Self::ReusedPassword,
        Self::UnknownField,
        Self::Repeated,
        Self::WrongType,
        Self::InvalidJson,
        Self::InvalidProtobuf,
    ];

    /// The stable word: `BadRequest.FieldViolation.reason`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::TooShort(_) => "TOO_SHORT",
            Self::TooLong(_) => "TOO_LONG",
            Self::Malformed => "MALFORMED",
            Self::ControlCharacter => "CONTROL_CHARACTER",
            Self::Unsupported => "UNSUPPORTED",
            Self::CommonPassword => "COMMON_PASSWORD",
            Self::GuessablePassword => "GUESSABLE_PASSWORD",
            Self::Unchanged => "UNCHANGED",
            Self::CharacterClasses(_) => "CHARACTER_CLASSES",
            Self::ReusedPassword => "REUSED_PASSWORD",
            Self::UnknownField => "UNKNOWN_FIELD",
            Self::Repeated => "REPEATED",
            Self::WrongType => "WRONG_TYPE",
            Self::InvalidJson => "INVALID_JSON",
            Self::InvalidProtobuf => "INVALID_PROTOBUF",
        }
    }

    /// One sentence for people.
    pub fn message(self, locale: Locale) -> String {
        match locale {
            Locale::En => self.english(),
            Locale::Ja => self.japanese(),
        }
    }

    fn english(self) -> String {
        match self {
            Self::Required => "This field is required.".into(),
            Self::TooShort(min) => format!("Use at least {min} characters."),
            Self::TooLong(max) => format!("Use at most {max} characters."),
            Self::Malformed => "This value does not have the right form.".into(),
            Self::ControlCharacter => "Control characters are not allowed.".into(),
            Self::Unsupported => "This value is not one of those offered.".into(),
            Self::CommonPassword => {
                "This password is among the first that are guessed, or was found in a breach.".into()
            }
            Self::GuessablePassword => "Do not build the password on your address or our name.".into(),
            Self::Unchanged => "This is what it is already.".into(),
            Self::CharacterClasses(count) => {
                format!("Use at least {count} of these: lower case, upper case, digits, other characters.")
            }
            Self::ReusedPassword => "You have used this password before.".into(),
            Self::UnknownField => "There is no such field.".into(),
            Self::Repeated => "This field is given more than once.".into(),
            Self::WrongType => "This value has the wrong type.".into(),
            Self::InvalidJson => "The body is not a valid JSON object.".into(),
            Self::InvalidProtobuf => "The message is not valid protobuf.".into(),
        }
    }

    fn japanese(self) -> String {
        match self {
            Self::Required => "必須項目です。".into(),
            Self::TooShort(min) => format!("{min}文字以上で入力してください。"),
            Self::TooLong(max) => format!("{max}文字以内で入力してください。"),
            Self::Malformed => "形式が正しくありません。".into(),
            Self::ControlCharacter => "制御文字は使用できません。".into(),
            Self::Unsupported => "選択できない値です。".into(),
            Self::CommonPassword => "推測されやすい、または漏えいが確認されているパスワードです。".into(),
            Self::GuessablePassword => "メールアドレスやサービス名を基にしたパスワードは使用できません。".into(),
            Self::Unchanged => "現在の値と同じです。".into(),
            Self::CharacterClasses(count) => {
                format!("英小文字、英大文字、数字、その他の文字のうち{count}種類以上を使用してください。")
            }
            Self::ReusedPassword => "以前に使用したパスワードは使用できません。".into(),
            Self::UnknownField => "存在しない項目です。".into(),
            Self::Repeated => "同じ項目が複数回指定されています。".into(),
            Self::WrongType => "値の型が正しくありません。".into(),
            Self::InvalidJson => "本文が正しい JSON オブジェクトではありません。".into(),
            Self::InvalidProtobuf => "メッセージが正しい protobuf ではありません。".into(),
        }
    }
}
