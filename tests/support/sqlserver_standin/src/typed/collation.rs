use super::CodePage;

/// Do upper and lower case differ?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Ignored,
    Kept,
}

/// Does an accent make another letter?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accents {
    Ignored,
    Kept,
}

/// What decides whether two texts are equal. Blanks at the end never count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The code units.
    Binary,
    /// The letters.
    Letters(Case, Accents),
}

/// A collation: a name, what is equal under it, and what the wire says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collation {
    /// As `sys.columns.collation_name` has it.
    pub name: &'static str,
    /// What is equal.
    pub compared: Compared,
    /// How non-Unicode text is stored.
    pub code_page: CodePage,
    /// Language, flags and version, then the sort id (MS-TDS 2.2.5.1.2).
    pub wire: [u8; 5],
}

impl Collation {
    /// What an English server has.
    pub const SQL_LATIN1_CI_AS: Self = Self {
        name: "SQL_Latin1_General_CP1_CI_AS",
        compared: Compared::Letters(Case::Ignored, Accents::Kept),
        code_page: CodePage::Windows1252,
        wire: [0x09, 0x04, 0xd0, 0x00, 0x34],
    };
    /// Case counts.
    pub const LATIN1_CS_AS: Self = Self {
        name: "Latin1_General_CS_AS",
        compared: Compared::Letters(Case::Kept, Accents::Kept),
        code_page: CodePage::Windows1252,
        wire: [0x09, 0x04, 0xc0, 0x00, 0x00],
    };
    /// Neither case nor accents count.
    pub const LATIN1_CI_AI: Self = Self {
        name: "Latin1_General_CI_AI",
        compared: Compared::Letters(Case::Ignored, Accents::Ignored),
        code_page: CodePage::Windows1252,
        wire: [0x09, 0x04, 0xf0, 0x00, 0x00],
    };
    /// By code point.
    pub const LATIN1_BIN2: Self = Self {
        name: "Latin1_General_BIN2",
        compared: Compared::Binary,
        code_page: CodePage::Windows1252,
        wire: [0x09, 0x04, 0x00, 0x02, 0x00],
    };
    /// varchar in UTF-8 (2019 and later); tiberius does not know the flag.
    pub const LATIN1_UTF8: Self = Self {
        name: "Latin1_General_100_CI_AS_SC_UTF8",
        compared: Compared::Letters(Case::Ignored, Accents::Kept),
        code_page: CodePage::Utf8,
        wire: [0x09, 0x04, 0xd0, 0x24, 0x00],
    };
    /// Code page 850, which tiberius cannot read.
    pub const SQL_CP850_CI_AS: Self = Self {
        name: "SQL_Latin1_General_CP850_CI_AS",
        compared: Compared::Letters(Case::Ignored, Accents::Kept),
        code_page: CodePage::Cp850,
        wire: [0x09, 0x04, 0xd0, 0x00, 0x2a],
    };
    /// Code page 1250 by a sort id.
    pub const SQL_CP1250_CI_AS: Self = Self {
        name: "SQL_Latin1_General_CP1250_CI_AS",
        compared: Compared::Letters(Case::Ignored, Accents::Kept),
        code_page: CodePage::Windows1250,
        wire: [0x09, 0x04, 0xd0, 0x00, 0x52],
    };

    /// Those that the stand-in has.
    pub const ALL: [Self; 7] = [
        Self::SQL_LATIN1_CI_AS,
        Self::LATIN1_CS_AS,
        Self::LATIN1_CI_AI,
        Self::LATIN1_BIN2,
        Self::LATIN1_UTF8,
        Self::SQL_CP850_CI_AS,
        Self::SQL_CP1250_CI_AS,
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }
}
