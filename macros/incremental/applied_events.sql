{#
    The rows of a staging model whose events apply (int_event_sequenced): not stale, not superseded. In an incremental run only those of
    touched aggregates, when an aggregate type is named; all of them in a full build.

    from {{ applied_events("stg_cpq__quote_created", "Quote") }} as created
#}
{% macro applied_events(staging_model, aggregate_types=none) -%}
    (
        select staged.*
        from {{ ref(staging_model) }} as staged
        inner join {{ ref("int_event_sequenced") }} as sequenced on staged.arrival_seq = sequenced.arrival_seq
        where
            sequenced.is_applied
            {%- if aggregate_types %}
            and {{ is_touched("staged.aggregate_id", aggregate_types) }}
            {%- endif %}
    )
{%- endmacro %}
