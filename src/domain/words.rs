//! Closed sets that are counted, each with its word.

/// An enum whose members each have a word for metrics and pages, and a meaning.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        $set:ident { $($(#[doc = $doc:literal])* $name:ident = $word:literal,)* }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $set { $($(#[doc = $doc])* $name,)* }

        impl $set {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its word in metrics and on pages.
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

pub(super) use words;
