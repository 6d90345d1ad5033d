//! Columns whose names say that they hold a secret or personal data.
//!
//! The rule, as docs/CONFIG.md states it: a name is cut into words at `_`, at other signs and at capitals
//! (`user_email_address`, `userEmailAddress`); `tokenizer_version` has no word `token`. Some of these words, or pairs of
//! them, are on the lists below. A name whose last word says that the value is only *about* the thing (`token_count`,
//! `email_verified`, `card_brand`) is left alone, and so is a column whose type can't hold the thing: a boolean is no
//! password, and a number no e-mail address.

use crate::source::{SourceColumn, ValueKind};

/// What a column seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitive {
    /// Who has it can act in somebody's name or take money: it belongs in no warehouse.
    Secret,
    /// It says who somebody is.
    Personal,
}

/// Which types a value of that sort has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    /// Texts, documents, bytes and identifiers.
    Texts,
    /// Numbers as well.
    NumbersToo,
    /// Dates as well.
    DatesToo,
}

/// Words, or words that follow each other, and what they tell. Secrets first: of `email_token` the token counts.
const NAMES: &[(Sensitive, Values, &str)] = &[
    (
        Sensitive::Secret,
        Values::Texts,
        "password, passwd, passphrase, passcode, pwd, passwordhash, hashedpassword, secret, token, accesstoken, refreshtoken, \
         authtoken, api key, apikey, access key, secretkey, private key, privatekey, encryption key, signing key, auth key, \
         ssh key, session key, credential, cookie, jwt, recovery code, backup code",
    ),
    (
        Sensitive::Secret,
        Values::NumbersToo,
        "otp, totp, cvv, cvc, card number, card no, cardnumber, credit card, creditcard, debit card, cc number, iban, \
         bank account, account number, ssn, social security, passport, national id, tax id",
    ),
    (
        Sensitive::Personal,
        Values::Texts,
        "email, e mail, mail, first name, firstname, last name, lastname, middle name, maiden name, family name, given name, \
         full name, fullname, surname, card holder, cardholder, street, home address, postal address, billing address, \
         shipping address, mailing address, ip address, ipaddress",
    ),
    (Sensitive::Personal, Values::NumbersToo, "phone, telephone, mobile, cellphone, msisdn, fax"),
    (Sensitive::Personal, Values::DatesToo, "birth, birthdate, birthday, dob"),
];

/// Words that are sensitive only where they are the whole name: `business_card` or `pin_code` may be anything.
const WHOLE: &[(&str, Sensitive)] = &[
    ("card", Sensitive::Secret),
    ("pin", Sensitive::Secret),
    ("salt", Sensitive::Secret),
    ("address", Sensitive::Personal),
];

/// Last words of names that are about the thing and don't hold it.
const ABOUT: &[&str] = &[
    "count",
    "type",
    "kind",
    "status",
    "state",
    "verified",
    "confirmed",
    "enabled",
    "required",
    "expires",
    "expiry",
    "expiration",
    "at",
    "on",
    "version",
    "brand",
    "model",
    "template",
    "subject",
    "policy",
    "length",
    "format",
    "algorithm",
    "provider",
    "label",
    "language",
    "limit",
    "usage",
    "used",
    "preference",
    "frequency",
    "position",
];

/// What has a `full_name` and is nobody.
const NO_PERSON: &[&str] = &[
    "company",
    "organization",
    "organisation",
    "business",
    "shop",
    "store",
    "branch",
    "product",
    "project",
    "file",
    "brand",
    "team",
];

/// What the column seems to hold, by its name and type.
pub fn sensitive(column: &SourceColumn) -> Option<Sensitive> {
    let words = words(&column.name);
    let last = words.last()?;
    if ABOUT.iter().any(|about| is(last, about)) {
        return None;
    }
    if let ([word], true) = (words.as_slice(), fits(column, Values::NumbersToo))
        && let Some((_, sort)) = WHOLE.iter().find(|(name, _)| is(word, name))
    {
        return Some(*sort);
    }
    let has = |phrase: &str| {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        words.windows(wanted.len()).any(|found| found.iter().zip(&wanted).all(|(f, w)| is(f, w)))
    };
    let is_of_no_person = words.iter().any(|w| NO_PERSON.iter().any(|n| is(w, n)));
    let is_meant = |phrase: &&str| has(phrase) && !(is_of_no_person && phrase.ends_with(" name"));
    let fitting = NAMES.iter().filter(|(_, values, _)| fits(column, *values));
    let mut named = fitting.filter_map(|(sort, _, phrases)| Some((*sort, phrases.split(", ").find(is_meant)?)));
    let (sort, phrase) = named.next()?;
    // A number or a UUID under such a name refers to a row of another table.
    let is_number = matches!(column.value_kind(), ValueKind::Number | ValueKind::Identifier);
    let is_reference = last == "id" && is_number && !phrase.ends_with(" id");
    (!is_reference).then_some(sort)
}

fn fits(column: &SourceColumn, values: Values) -> bool {
    match (column.value_kind(), values) {
        (ValueKind::Flag | ValueKind::Span | ValueKind::Choice, _) => false,
        (ValueKind::Number, values) => values == Values::NumbersToo,
        (ValueKind::Date, values) => values == Values::DatesToo,
        (ValueKind::Identifier | ValueKind::Text, _) => true,
    }
}

/// Whether a word is this one, or its plural.
fn is(word: &str, wanted: &str) -> bool {
    word == wanted || word.strip_suffix('s') == Some(wanted)
}

/// The words of a name, in lower case and without digits behind them.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = None::<char>;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        // A capital begins a word after a small letter, and as the last of several: `userEmail`, `IPAddress`.
        let after_small = before.is_some_and(|b| b.is_lowercase() || b.is_numeric());
        let last_capital = before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|n| n.is_lowercase());
        if !c.is_alphanumeric() || (c.is_uppercase() && (after_small || last_capital)) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    let bare = words.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    bare.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::source::postgres::PostgresType;

    const BOOL: u32 = 16;
    const TEXT: u32 = 25;
    const UUID: u32 = 2950;
    const INT: u32 = 23;
    const DATE: u32 = 1082;
    const TIMESTAMPTZ: u32 = 1184;

    fn of(name: &str, base_oid: u32) -> Option<Sensitive> {
        sensitive(&SourceColumn::of_postgres(name, PostgresType { base_oid, ..PostgresType::default() }))
    }

    #[test]
    fn secrets_are_known_by_words_of_their_names() {
        for name in [
            "password",
            "encrypted_password",
            "password_digest",
            "passwordHash",
            "user_password2",
            "reset_password_token",
            "token",
            "tokens",
            "accessToken",
            "APIKey",
            "api_key",
            "stripe_api_keys",
            "client_secret",
            "private_key",
            "session_key",
            "card_number",
            "credit_card",
            "card",
            "iban",
            "customer_iban",
            "ssn",
            "cvv",
            "otp_secret",
            "email_token",
            "pin",
            "salt",
        ] {
            assert_eq!(of(name, TEXT), Some(Sensitive::Secret), "{name}");
        }
        assert_eq!(of("card_number", 1700), Some(Sensitive::Secret));
        assert_eq!(of("token", UUID), Some(Sensitive::Secret));
    }

    #[test]
    fn personal_data_is_known_by_words_of_its_names() {
        for name in [
            "email",
            "user_email_address",
            "userEmail",
            "e_mail",
            "email2",
            "employee_telephone",
            "mobile_phone",
            "first_name",
            "lastName",
            "IPAddress",
            "ip_address",
            "billing_address",
            "email_id",
            "address",
        ] {
            assert_eq!(of(name, TEXT), Some(Sensitive::Personal), "{name}");
        }
        assert_eq!(of("phone", 20), Some(Sensitive::Personal));
        assert_eq!(of("birth_date", DATE), Some(Sensitive::Personal));
        assert_eq!(of("date_of_birth", DATE), Some(Sensitive::Personal));
    }

    #[test]
    fn a_name_that_only_sounds_like_it_is_left_alone() {
        for name in [
            "tokenizer_version",
            "token_count",
            "card_count",
            "card_brand",
            "scorecard",
            "discard_reason",
            "mailbox_type",
            "email_verified",
            "email_template",
            "password_policy",
            "birthplace_code",
            "shipping_cost",
            "pinned_note",
            "secretary",
            "addressee",
            "monkey",
            "primary_key",
            "public_key",
            "sort_key",
            "company_address",
            "phonetic",
            "assignee",
            "name",
            "username",
            "description",
        ] {
            assert_eq!(of(name, TEXT), None, "{name}");
        }
        for (name, oid) in [
            ("has_password", BOOL),
            ("password", BOOL),
            ("token", INT),
            ("token_id", INT),
            ("token_id", UUID),
            ("email", INT),
            ("password_changed", TIMESTAMPTZ),
            ("phone", TIMESTAMPTZ),
            ("email_id", INT),
            ("card_number", DATE),
        ] {
            assert_eq!(of(name, oid), None, "{name} {oid}");
        }
    }
}
