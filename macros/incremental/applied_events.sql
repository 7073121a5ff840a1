{#
    The rows of a staging model whose events apply (int_event_sequenced): not stale, not superseded. In an incremental run only those of
    touched aggregates, when an aggregate type is named; all of them in a full build.

    from {{ applied_events("stg_cpq__quote_created", "Quote") }} as created
#}
{% macro applied_events(staging_model, aggregate_types=none) -%}
    (
        select staged.*
        from {{ ref(staging_model) }} as staged
        where
            -- The few that do not apply are looked up, not the many that do.
            not exists (
                select 1
                from {{ ref("int_event_sequenced") }} as set_aside
                where staged.arrival_seq = set_aside.arrival_seq and not set_aside.is_applied
            )
            {%- if aggregate_types %}
            and {{ is_touched("staged.aggregate_id", aggregate_types) }}
            {%- endif %}
    )
{%- endmacro %}
