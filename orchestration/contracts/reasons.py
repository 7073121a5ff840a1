"""Why a line is quarantined: the reason codes, with a sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason code; `meaning` is its sentence for people."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> "Reason":
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    NOT_UTF8 = "not_utf8", "The bytes are no UTF-8, or an escape stands for half a character."
    NUL_BYTE = (
        "nul_byte",
        "The line holds a NUL, as a byte or as an escape; tools that read the lake may cut text there.",
    )
    LINE_TOO_LONG = "line_too_long", "The line is longer than a line may be."
    NOT_JSON = "not_json", "The line is no JSON text: this includes NaN, Infinity and a trailing comma."
    TOO_DEEP = "too_deep", "Objects and lists are nested deeper than is read."
    DUPLICATE_KEY = "duplicate_key", "An object names a key twice, so nobody can say which value is meant."
    NOT_AN_OBJECT = "not_an_object", "The line is JSON, but no object."
    MISSING_FIELD = "missing_field", "A required field is absent or null."
    UNKNOWN_EVENT_TYPE = "unknown_event_type", "The contract has no such event type."
    UNKNOWN_SCHEMA_VERSION = (
        "unknown_schema_version",
        "The major version of the event type is not one that is understood.",
    )
    AGGREGATE_TYPE_MISMATCH = "aggregate_type_mismatch", "The event type belongs to another aggregate type."
    WRONG_TYPE = "wrong_type", "The value has another JSON type than the contract says."
    WRONG_VALUE = "wrong_value", "The value is none of those allowed, or outside its range."
    WRONG_LENGTH = "wrong_length", "The text is empty or longer than allowed."
    EMPTY_LIST = "empty_list", "The list must hold something."
    REPEATED_ENTRY = "repeated_entry", "A list names the same thing twice, so nobody can say which entry is meant."
    BAD_TIME = "bad_time", "No RFC 3339 time with a zone, or no date, in the years 0001 to 9999."
    BAD_AMOUNT = "bad_amount", "The amount is no number, or has more digits before the decimal point than are kept."
    TOO_MANY_DECIMALS = "too_many_decimals", "The amount has more decimals than are kept; it is never rounded."
    TRUNCATED_FILE = "truncated_file", "The file ends, or breaks, in the middle; what is left of it stands here."
    DAMAGED_ARCHIVE = (
        "damaged_archive",
        "The archive does not agree with its own checksum, so no line of it can be trusted; nothing of it was landed.",
    )
    UNPACKED_TOO_LARGE = (
        "unpacked_too_large",
        "The file grows beyond all bounds when unpacked; nothing of it was landed.",
    )
    OTHER_CONTENT = "other_content", "An event of this identity is in force and says otherwise: a conflict to resolve."
    OTHER_CONTENT_AGAIN = "other_content_again", "As other_content, with a content that came before."
