"""What a person asks first: status, freshness and the health of the set-up."""
