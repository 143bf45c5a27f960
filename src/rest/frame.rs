//! The frame of a unary gRPC message: a flag, a length, the message.

use axum::body::Bytes;
use bytes::{Buf, BufMut, BytesMut};
use prost::Message;

const PREFIX: usize = 5;

/// The message in an uncompressed frame; `None` for one of 4 GiB or more.
pub(super) fn encode(message: &impl Message) -> Option<Bytes> {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + length);
    frame.put_u8(0);
    frame.put_u32(length.try_into().ok()?);
    message.encode(&mut frame).ok()?;
    Some(frame.freeze())
}

/// The message of exactly one uncompressed frame.
pub(super) fn decode(mut frame: Bytes) -> Option<Bytes> {
    let flag = frame.try_get_u8().ok()?;
    let length = frame.try_get_u32().ok()?;
    (flag == 0 && usize::try_from(length).ok()? == frame.len()).then_some(frame)
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::{decode, encode};

    #[test]
    fn a_frame_holds_its_message() {
        let frame = encode(&"ab".to_owned()).expect("frame");
        assert_eq!(&frame[..], b"\0\0\0\0\x04\x0a\x02ab");
        assert_eq!(decode(frame).as_deref(), Some(&b"\x0a\x02ab"[..]));
    }

    #[test]
    fn anything_but_one_whole_plain_frame_is_refused() {
        let wrong: [&[u8]; 5] = [b"", b"\0\0\0\0", b"\x01\0\0\0\0", b"\0\0\0\0\x02a", b"\0\0\0\0\0a"];
        for frame in wrong {
            assert_eq!(decode(Bytes::from_static(frame)), None, "{frame:?}");
        }
    }
}
