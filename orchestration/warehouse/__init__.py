"""Running dbt over the lake, the build record, checksums and the data version."""
