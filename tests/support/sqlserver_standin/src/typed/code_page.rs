/// How the bytes of a `char`, `varchar` or `text` are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePage {
    Windows1252,
    Windows1250,
    Cp850,
    Utf8,
}

/// What 0x80 to 0xFF mean in code page 850.
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

impl CodePage {
    /// The stored bytes of a text; what the page does not have becomes `?`, as the server does it.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let by = |encoding: &'static encoding_rs::Encoding| {
            let mut bytes = Vec::with_capacity(text.len());
            for c in text.chars() {
                let mut buffer = [0; 4];
                match encoding.encode(c.encode_utf8(&mut buffer)) {
                    (known, _, false) => bytes.extend_from_slice(&known),
                    (_, _, true) => bytes.push(b'?'),
                }
            }
            bytes
        };
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Windows1252 => by(encoding_rs::WINDOWS_1252),
            Self::Windows1250 => by(encoding_rs::WINDOWS_1250),
            Self::Cp850 => text
                .chars()
                .map(|c| match u8::try_from(u32::from(c)) {
                    Ok(byte) if byte.is_ascii() => byte,
                    _ => CP850.chars().zip(0x80..=0xff).find(|(known, _)| *known == c).map_or(b'?', |(_, byte)| byte),
                })
                .collect(),
        }
    }

    /// What the server makes of stored bytes when it casts them to nvarchar.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Windows1250 => encoding_rs::WINDOWS_1250.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Cp850 => bytes
                .iter()
                .map(|byte| {
                    if byte.is_ascii() {
                        char::from(*byte)
                    } else {
                        CP850.chars().nth(usize::from(*byte) - 0x80).unwrap_or('?')
                    }
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CP850, CodePage};

    #[test]
    fn each_page_reads_what_it_wrote() {
        assert_eq!(CP850.chars().count(), 128);
        for (page, text) in [
            (CodePage::Windows1252, "Ærø € ’x’"),
            (CodePage::Windows1250, "Zażółć gęślą jaźń"),
            (CodePage::Cp850, "Ærø ÜÜ ½"),
            (CodePage::Utf8, "Ærø 日本"),
        ] {
            assert_eq!(page.decode(&page.encode(text)), text, "{page:?}");
        }
        assert_eq!(CodePage::Windows1252.encode("日"), b"?");
    }
}
