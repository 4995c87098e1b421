//! The canonical protobuf JSON of the contract's messages.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

/// Why a message has no JSON form. Only a bug gives one.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The message is not of this contract.
    #[error("`{0}` is not a message of the contract")]
    Unknown(String),
    /// The message could not be read back.
    #[error("the message can't be read back: {0}")]
    Decode(#[from] prost::DecodeError),
    /// A value has no JSON form, such as a time outside the years 1 to 9999.
    #[error("a value has no JSON form: {0}")]
    Serialise(#[from] serde_json::Error),
}

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(crate::FILE_DESCRIPTOR_SET).ok());

/// The JSON value of a message: lowerCamelCase names, defaults left out, 64-bit numbers as strings.
///
/// # Errors
/// [`JsonError`], for a message that is not of this contract or holds a value without a JSON form.
pub fn to_value<M: Message + Name>(message: &M) -> Result<serde_json::Value, JsonError> {
    let name = M::full_name();
    let descriptor = POOL.as_ref().and_then(|pool| pool.get_message_by_name(&name)).ok_or(JsonError::Unknown(name))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new();
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    #[test]
    fn json_is_the_canonical_mapping() {
        let ticket = v1::Ticket {
            number: 7,
            subject: "Нет звука".into(),
            priority: v1::Priority::High.into(),
            create_time: Some(prost_types::Timestamp { seconds: 0, nanos: 5_000_000 }),
            ..Default::default()
        };
        let value = to_value(&ticket).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"number": "7", "subject": "Нет звука", "priority": "PRIORITY_HIGH", "createTime": "1970-01-01T00:00:00.005Z"})
        );
    }
}
