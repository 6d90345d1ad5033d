//! A double as Google's JSON library prints it.
//!
//! BigQuery's JSON parser takes a number only if the double it reads prints as the same decimal value. Its library prints by
//! Grisu2, which is not always shortest: 1e23 prints as 9.999999999999999e22. So the same algorithm stands here, step by step.
//! Sources: <https://github.com/google/zetasql/blob/master/zetasql/public/json_value.cc> (`CheckNumberRoundtrip`),
//! <https://github.com/nlohmann/json/blob/v3.12.0/include/nlohmann/detail/conversions/to_chars.hpp> (MIT license,
//! copyright 2009 Florian Loitsch, 2013-2025 Niels Lohmann).

/// `digits` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub digits: u64,
    pub exponent: i64,
}

/// `f` times two to the power of `e`.
#[derive(Clone, Copy)]
struct Binary {
    f: u64,
    e: i32,
}

impl Binary {
    fn normalized(self) -> Self {
        let shift = self.f.leading_zeros();
        Self { f: self.f << shift, e: self.e - shift.cast_signed() }
    }

    /// The upper half of the product, rounded.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.f) * u128::from(other.f) + (1 << 63);
        Self { f: u64::try_from(product >> 64).unwrap_or(u64::MAX), e: self.e + other.e + 64 }
    }
}

const HIDDEN_BIT: u64 = 1 << 52;
const BIAS: i32 = 1075;

/// The digits of a positive, finite double.
pub(super) fn printed(value: f64) -> Decimal {
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & (HIDDEN_BIT - 1);
    let v = match exponent {
        0 => Binary { f: fraction, e: 1 - BIAS },
        _ => Binary { f: fraction + HIDDEN_BIT, e: exponent - BIAS },
    };
    // Between these two every decimal value reads as this double. Below a power of two the doubles lie closer.
    let above = Binary { f: 2 * v.f + 1, e: v.e - 1 }.normalized();
    let below = match (fraction, exponent) {
        (0, 2..) => Binary { f: 4 * v.f - 1, e: v.e - 2 },
        _ => Binary { f: 2 * v.f - 1, e: v.e - 1 },
    };
    let below = Binary { f: below.f << (below.e - above.e), e: above.e };

    let (power, tens) = power_of_ten(above.e);
    let (w, below, above) = (v.normalized().times(power), below.times(power), above.times(power));
    // The products are off by less than one.
    let (below, above) = (below.f + 1, Binary { f: above.f - 1, ..above });
    digits(below, w.f, above, -i64::from(tens))
}

/// The digits of the shortest number between `below` and `above`, both with the exponent of `above`.
fn digits(below: u64, w: u64, above: Binary, mut exponent: i64) -> Decimal {
    let (mut delta, mut distance) = (above.f - below, above.f - w);
    let shift = -above.e;
    let one = 1u64 << shift;
    let (mut whole, mut part) = (above.f >> shift, above.f & (one - 1));
    let mut found = 0;
    let mut left = whole.checked_ilog10().unwrap_or(0) + 1;
    while left > 0 {
        left -= 1;
        let power = 10u64.pow(left);
        found = found * 10 + whole / power;
        whole %= power;
        let rest = (whole << shift) + part;
        if rest <= delta {
            exponent += i64::from(left);
            let digits = nearer(found, Span { distance, delta, unit: power << shift }, rest);
            return Decimal { digits, exponent };
        }
    }
    loop {
        part *= 10;
        found = found * 10 + (part >> shift);
        part &= one - 1;
        exponent -= 1;
        delta *= 10;
        distance *= 10;
        if part <= delta {
            let digits = nearer(found, Span { distance, delta, unit: one }, part);
            return Decimal { digits, exponent };
        }
    }
}

/// How far the value, the lower bound and the last digit's next step lie from the upper bound.
struct Span {
    distance: u64,
    delta: u64,
    unit: u64,
}

/// Lowers the last digit while that comes nearer to the value.
fn nearer(mut digits: u64, span: Span, mut rest: u64) -> u64 {
    let Span { distance, delta, unit } = span;
    while rest < distance
        && delta - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        digits -= 1;
        rest += unit;
    }
    digits
}

/// The power of ten that brings a number with the exponent `e` where its digits can be read off, and which one it is.
fn power_of_ten(e: i32) -> (Binary, i32) {
    let f = -60 - e - 1;
    let k = f * 78913 / (1 << 18) + i32::from(f > 0);
    let index = usize::try_from((300 + k + 7) / 8).unwrap_or(0).min(POWERS.len() - 1);
    let (f, e, tens) = POWERS[index];
    (Binary { f, e }, tens)
}

/// Every eighth power of ten from -300 on: 64 bits of it, the power of two, and which power of ten it is.
const POWERS: [(u64, i32, i32); 79] = [
    (0xab70_fe17_c79a_c6ca, -1060, -300),
    (0xff77_b1fc_bebc_dc4f, -1034, -292),
    (0xbe56_91ef_416b_d60c, -1007, -284),
    (0x8dd0_1fad_907f_fc3c, -980, -276),
    (0xd351_5c28_3155_9a83, -954, -268),
    (0x9d71_ac8f_ada6_c9b5, -927, -260),
    (0xea9c_2277_23ee_8bcb, -901, -252),
    (0xaecc_4991_4078_536d, -874, -244),
    (0x823c_1279_5db6_ce57, -847, -236),
    (0xc210_9436_4dfb_5637, -821, -228),
    (0x9096_ea6f_3848_984f, -794, -220),
    (0xd774_85cb_2582_3ac7, -768, -212),
    (0xa086_cfcd_97bf_97f4, -741, -204),
    (0xef34_0a98_172a_ace5, -715, -196),
    (0xb238_67fb_2a35_b28e, -688, -188),
    (0x84c8_d4df_d2c6_3f3b, -661, -180),
    (0xc5dd_4427_1ad3_cdba, -635, -172),
    (0x936b_9fce_bb25_c996, -608, -164),
    (0xdbac_6c24_7d62_a584, -582, -156),
    (0xa3ab_6658_0d5f_daf6, -555, -148),
    (0xf3e2_f893_dec3_f126, -529, -140),
    (0xb5b5_ada8_aaff_80b8, -502, -132),
    (0x8762_5f05_6c7c_4a8b, -475, -124),
    (0xc9bc_ff60_34c1_3053, -449, -116),
    (0x964e_858c_91ba_2655, -422, -108),
    (0xdff9_7724_7029_7ebd, -396, -100),
    (0xa6df_bd9f_b8e5_b88f, -369, -92),
    (0xf8a9_5fcf_8874_7d94, -343, -84),
    (0xb944_7093_8fa8_9bcf, -316, -76),
    (0x8a08_f0f8_bf0f_156b, -289, -68),
    (0xcdb0_2555_6531_31b6, -263, -60),
    (0x993f_e2c6_d07b_7fac, -236, -52),
    (0xe45c_10c4_2a2b_3b06, -210, -44),
    (0xaa24_2499_6973_92d3, -183, -36),
    (0xfd87_b5f2_8300_ca0e, -157, -28),
    (0xbce5_0864_9211_1aeb, -130, -20),
    (0x8cbc_cc09_6f50_88cc, -103, -12),
    (0xd1b7_1758_e219_652c, -77, -4),
    (0x9c40_0000_0000_0000, -50, 4),
    (0xe8d4_a510_0000_0000, -24, 12),
    (0xad78_ebc5_ac62_0000, 3, 20),
    (0x813f_3978_f894_0984, 30, 28),
    (0xc097_ce7b_c907_15b3, 56, 36),
    (0x8f7e_32ce_7bea_5c70, 83, 44),
    (0xd5d2_38a4_abe9_8068, 109, 52),
    (0x9f4f_2726_179a_2245, 136, 60),
    (0xed63_a231_d4c4_fb27, 162, 68),
    (0xb0de_6538_8cc8_ada8, 189, 76),
    (0x83c7_088e_1aab_65db, 216, 84),
    (0xc45d_1df9_4271_1d9a, 242, 92),
    (0x924d_692c_a61b_e758, 269, 100),
    (0xda01_ee64_1a70_8dea, 295, 108),
    (0xa26d_a399_9aef_774a, 322, 116),
    (0xf209_787b_b47d_6b85, 348, 124),
    (0xb454_e4a1_79dd_1877, 375, 132),
    (0x865b_8692_5b9b_c5c2, 402, 140),
    (0xc835_53c5_c896_5d3d, 428, 148),
    (0x952a_b45c_fa97_a0b3, 455, 156),
    (0xde46_9fbd_99a0_5fe3, 481, 164),
    (0xa59b_c234_db39_8c25, 508, 172),
    (0xf6c6_9a72_a398_9f5c, 534, 180),
    (0xb7dc_bf53_54e9_bece, 561, 188),
    (0x88fc_f317_f222_41e2, 588, 196),
    (0xcc20_ce9b_d35c_78a5, 614, 204),
    (0x9816_5af3_7b21_53df, 641, 212),
    (0xe2a0_b5dc_971f_303a, 667, 220),
    (0xa8d9_d153_5ce3_b396, 694, 228),
    (0xfb9b_7cd9_a4a7_443c, 720, 236),
    (0xbb76_4c4c_a7a4_4410, 747, 244),
    (0x8bab_8eef_b640_9c1a, 774, 252),
    (0xd01f_ef10_a657_842c, 800, 260),
    (0x9b10_a4e5_e991_3129, 827, 268),
    (0xe710_9bfb_a19c_0c9d, 853, 276),
    (0xac28_20d9_623b_f429, 880, 284),
    (0x8044_4b5e_7aa7_cf85, 907, 292),
    (0xbf21_e440_03ac_dd2d, 933, 300),
    (0x8e67_9c2f_5e44_ff8f, 960, 308),
    (0xd433_179d_9c8c_b841, 986, 316),
    (0x9e19_db92_b4e3_1ba9, 1013, 324),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let Decimal { digits, exponent } = printed(value);
        format!("{digits}e{exponent}")
    }

    #[test]
    fn the_usual_number_is_the_shortest_one() {
        for (value, expected) in [
            (1.0, "1e0"),
            (0.1, "1e-1"),
            (19.99, "1999e-2"),
            (1e22, "1e22"),
            (5e-324, "5e-324"),
            (f64::MIN_POSITIVE, "22250738585072014e-324"),
            (f64::MAX, "17976931348623157e292"),
            (0.1 + 0.2, "30000000000000004e-17"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn some_are_longer_than_they_need_be() {
        assert_eq!(text(1e23), "9999999999999999e7");
        assert_eq!(text(5e22), "49999999999999996e6");
    }

    /// However long, it reads back as the same double.
    #[test]
    fn what_is_printed_reads_back() {
        let mut bits = 1u64;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(bits >> 1);
            if value.is_finite() && value > 0.0 {
                assert_eq!(text(value).parse::<f64>(), Ok(value), "{bits:x}");
            }
        }
    }
}
