{#
    The history of a reference aggregate (type 2): each applied event of a staging model with the half-open interval [valid_from, valid_to) in
    which it holds. Versions decide, times date them: a version ends where the earliest of those after it begins, so that intervals never overlap; one
    that a later version predates is in force at no moment (valid_to not after valid_from). A version that nothing follows has no end.
#}
{% macro versioned(staging_model, id) -%}
    (
        select
            upserted.*,
            upserted.event_time as valid_from,
            min(upserted.event_time) over (
                partition by upserted.{{ id }} order by upserted.aggregate_version rows between 1 following and unbounded following
            ) as valid_to
        from {{ applied_events(staging_model) }} as upserted
    )
{%- endmacro %}

{#
    The as-of join: the condition under which a row of a versioned dimension is the one that held at a moment.

    left join dim_account_version as account on quote.account_id = account.account_id and {{ is_version_at("account", "quote.accepted_at") }}
#}
{% macro is_version_at(version, moment) -%}
    ({{ version }}.valid_from <= {{ moment }} and ({{ version }}.valid_to is null or {{ moment }} < {{ version }}.valid_to))
{%- endmacro %}
