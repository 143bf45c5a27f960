//! Makes `wordlist/common.bfuse`, the filter of common and breached passwords:
//!
//! ```text
//! cargo run --example wordlist -- 10_million_password_list_top_1M.txt common-passwords.txt
//! ```
//!
//! `docs/passwords.md` says where the two lists are to be had. The same lists make
//! the same bytes.

#![expect(clippy::print_stdout, reason = "a program for the console")]

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use aws_lc_rs::digest::{SHA256, digest};
use sekisho::domain::password::common::{MOST_COMMON, stem_key, stems, word_key};
use unicode_normalization::UnicodeNormalization;
use xorf::{BinaryFuse16, DmaSerializable, Filter};

/// A shorter one cannot be chosen anyway.
const MIN_LENGTH: usize = 8;

/// What each list has to be, byte for byte. The first has the most common word
/// first.
const SOURCES: [(&str, &str); 2] = [
    ("SecLists, the first million of ten", "eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be"),
    ("Django 5.2.19", "29ca0fa5303165f012f3e9775e3e95a3071cdd59f219973ec1cbb308d0214a6f"),
];
const OWN: &str = include_str!("own.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.len() != SOURCES.len() {
        return Err("give the two lists that docs/passwords.md names".into());
    }
    let mut lists = Vec::new();
    for (path, (name, wanted)) in paths.iter().zip(SOURCES) {
        lists.push(read(path, name, wanted)?);
    }
    let keys = keys(&lists);
    let filter = BinaryFuse16::try_from(&keys)?;
    if let Some(missing) = keys.iter().find(|key| !filter.contains(key)) {
        return Err(format!("{missing} is not in the filter").into());
    }

    let mut bytes = vec![0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut bytes);
    bytes.extend_from_slice(filter.dma_fingerprints());
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("wordlist/common.bfuse"), &bytes)?;
    println!("{} keys, {} bytes, SHA-256 {}", keys.len(), bytes.len(), hash(&bytes));
    Ok(())
}

fn read(path: &str, name: &str, wanted: &str) -> Result<String, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let hash = hash(&bytes);
    if hash != wanted {
        return Err(format!("{path} is not {name}: its SHA-256 is {hash}").into());
    }
    Ok(String::from_utf8(bytes)?)
}

/// Each word that could be chosen, and the stems of the most common, each once.
fn keys(lists: &[String]) -> Vec<u64> {
    let folded = |text: &str| text.nfkc().collect::<String>().to_lowercase();
    let words = lists.iter().flat_map(|list| list.lines()).chain(OWN.lines()).map(folded);
    let mut keys: BTreeSet<u64> =
        words.filter(|word| word.chars().count() >= MIN_LENGTH).map(|word| word_key(&word)).collect();
    println!("{} words of {MIN_LENGTH} characters and more", keys.len());
    let most_common = lists[0].lines().take(MOST_COMMON).chain(OWN.lines()).map(folded);
    let stems = most_common.flat_map(|word| stems(&word));
    let stems: BTreeSet<u64> = stems.map(|stem| stem_key(&stem)).collect();
    println!("{} stems of the {MOST_COMMON} most common", stems.len());
    keys.extend(stems);
    keys.into_iter().collect()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
