"""Keeping the operational read models current from the inbox, beside the warehouse of finance; not what they say."""
