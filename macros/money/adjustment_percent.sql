{# What a stated percentage is of, and which way it goes. #}

{#
    The percentage with the direction of its adjustment: some sources write a discount of 10 % as 10, others as -10. Where the captured amount is
    nothing, it goes as it is written.
#}
{% macro signed_percent(adjustment) -%}
    case
        when {{ adjustment }}.adjustment_amount < 0 then -abs({{ adjustment }}.percent)
        when {{ adjustment }}.adjustment_amount > 0 then abs({{ adjustment }}.percent)
        else {{ adjustment }}.percent
    end
{%- endmacro %}

{# RUNNING is what the steps before left of the price; a named price point without an amount of its own is the same, as far as the chain has come. #}
{% macro is_percent_of_what_is_left(adjustment) -%}
    coalesce(
        upper({{ adjustment }}.basis) = 'RUNNING'
        or (upper({{ adjustment }}.basis) in ('REGULAR', 'CUSTOMER', 'PARTNER') and {{ adjustment }}.basis_amount is null),
        false
    )
{%- endmacro %}
