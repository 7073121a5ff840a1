"""The event contract: JSON Schemas, and what is generated from them."""
