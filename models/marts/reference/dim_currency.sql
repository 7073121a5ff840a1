select
    currency.currency_code,
    currency.numeric_code,
    currency.currency_name,
    currency.minor_units
from {{ ref("currency") }} as currency
