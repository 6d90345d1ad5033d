//! A writer's schema: one self-contained message descriptor, as it came over the wire.

use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

/// The extension of `FieldOptions` that gives a column's name where it can't be a field's: `column_name` of
/// `google/cloud/bigquery/storage/v1/annotations.proto`.
const COLUMN_NAME: u32 = 454_943_157;

/// A `FileDescriptorSet` of one file with one message, which is not looked into.
#[derive(Clone, PartialEq, Message)]
struct FileSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<File>,
}

/// `FileDescriptorProto`, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    message_type: Vec<Bytes>,
}

/// The descriptor can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid proto schema: {0}")]
pub struct DescriptorError(String);

/// Reads a `DescriptorProto`. Absent is NULL in the rows, for they have proto2's rules.
pub fn read(descriptor: &Bytes) -> Result<MessageDescriptor, DescriptorError> {
    let file = File { name: "writer.proto".to_owned(), message_type: vec![descriptor.clone()] };
    let encoded = FileSet { file: vec![file] }.encode_to_vec();
    let pool = DescriptorPool::decode(encoded.as_slice()).map_err(|error| DescriptorError(error.to_string()))?;
    // Messages of messages come after the one that holds them.
    let message = pool.all_messages().find(|message| message.parent_message().is_none() && !message.name().is_empty());
    message.ok_or_else(|| DescriptorError("it names no message".to_owned()))
}

/// The column that a field is for.
pub fn column_name(field: &FieldDescriptor) -> String {
    let options = field.options();
    let named = options.unknown_fields().find(|option| option.number() == COLUMN_NAME);
    let mut encoded = Vec::new();
    if let Some(option) = named {
        option.encode(&mut encoded);
    }
    annotation(&encoded).unwrap_or_else(|| field.name().to_owned())
}

/// The text of an encoded field: its tag, its length, its bytes.
fn annotation(encoded: &[u8]) -> Option<String> {
    let mut rest = encoded;
    prost::encoding::decode_varint(&mut rest).ok()?;
    let length = usize::try_from(prost::encoding::decode_varint(&mut rest).ok()?).ok()?;
    String::from_utf8(rest.get(..length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use prost_types::DescriptorProto;
    use prost_types::field_descriptor_proto::{Label, Type};

    use super::*;

    fn field(name: &str, kind: Type, of: Option<&str>) -> prost_types::FieldDescriptorProto {
        prost_types::FieldDescriptorProto {
            name: Some(name.into()),
            number: Some(1),
            label: Some(Label::Optional as i32),
            r#type: Some(kind as i32),
            type_name: of.map(str::to_owned),
            ..Default::default()
        }
    }

    #[test]
    fn a_message_within_is_found_by_its_relative_and_its_full_name() {
        for name in ["Inner", "Row.Inner", ".Row.Inner"] {
            let inner = DescriptorProto {
                name: Some("Inner".into()),
                field: vec![field("x", Type::Int64, None)],
                ..Default::default()
            };
            let row = DescriptorProto {
                name: Some("Row".into()),
                field: vec![field("inner", Type::Message, Some(name))],
                nested_type: vec![inner],
                ..Default::default()
            };
            let message = read(&row.encode_to_vec().into()).unwrap();
            assert_eq!((message.name(), message.fields().len()), ("Row", 1), "{name}");
        }
    }

    #[test]
    fn an_annotation_gives_the_columns_name() {
        let mut plain = field("col_1", Type::Int64, None).encode_to_vec();
        // options = { [column_name]: "größe" }
        let mut options = Vec::new();
        prost::encoding::string::encode(COLUMN_NAME, &"größe".to_owned(), &mut options);
        prost::encoding::bytes::encode(8, &options, &mut plain);
        let mut row = Vec::new();
        prost::encoding::string::encode(1, &"Row".to_owned(), &mut row);
        prost::encoding::bytes::encode(2, &plain, &mut row);
        let message = read(&row.into()).unwrap();
        assert_eq!(column_name(&message.get_field(1).unwrap()), "größe");
    }

    #[test]
    fn what_is_no_descriptor_is_refused() {
        assert!(read(&Bytes::new()).is_err());
        assert!(read(&Bytes::from_static(&[0xff])).is_err());
        let dangling = DescriptorProto {
            name: Some("Row".into()),
            field: vec![field("inner", Type::Message, Some("Nowhere"))],
            ..Default::default()
        };
        assert!(read(&dangling.encode_to_vec().into()).is_err());
    }
}
