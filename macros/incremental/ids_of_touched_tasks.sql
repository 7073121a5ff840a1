{#
    The orders whose tasks may stand otherwise than before: those that a touched task is of or ever was of, and those with a task that is told to
    wait for a touched one.
#}
{% macro order_ids_of_touched_tasks() -%}
    select of_order.order_id
    from {{ ref("int_fulfillment_task_order") }} as of_order
    where of_order.task_id in (
        {{ touched_ids("FulfillmentTask") }}
        union all
        select dependency.task_id
        from {{ ref("int_fulfillment_task_dependency") }} as dependency
        where dependency.needed_task_id in ({{ touched_ids("FulfillmentTask") }})
    )
{%- endmacro %}

{#
    For models that show tasks and products of an order: the orders that look otherwise though no event of their own came. Besides those of touched
    tasks: with a task that waits for one of another order, of which time says whether it is tracked; with an item of a touched product.
#}
{% macro order_ids_of_what_they_show() -%}
    {{ order_ids_of_touched_tasks() }}
    union all
    select task.order_id
    from {{ ref("int_order_task") }} as task
    where task.needs_another_order
    union all
    select item.order_id
    from {{ ref("int_order_item_state") }} as item
    where item.product_offering_id in ({{ touched_ids("ProductOffering") }})
{%- endmacro %}
