"""query.examples — queries that answer what a shop asks first."""

EXAMPLES = {
    "Funnel, by month": """\
SELECT date_trunc('month', session_date) AS month,
       sum(num_sessions) AS visits,
       sum(num_view_sessions) AS with_view,
       sum(num_cart_sessions) AS with_cart,
       sum(num_purchase_sessions) AS with_purchase
FROM gold.funnel
WHERE root_category_id = -2
GROUP BY ALL
ORDER BY month""",
    "Category conversion": """\
SELECT c.category_id,
       sum(c.num_view_sessions) AS visits_with_view,
       sum(c.num_purchase_sessions) AS visits_that_bought,
       round(100 * sum(c.num_purchase_sessions) / sum(c.num_view_sessions), 2) AS conversion_percent
FROM gold.category_conversion c
LEFT JOIN silver.categories t ON t.category_id = c.category_id
WHERE t.depth = 0
GROUP BY c.category_id
HAVING sum(c.num_view_sessions) >= 100
ORDER BY conversion_percent DESC
LIMIT 20""",
    "Activity by hour": """\
SELECT event_hour,
       sum(num_events) FILTER (WHERE event_type = 'view') AS views,
       sum(num_events) FILTER (WHERE event_type = 'addtocart') AS carts,
       sum(num_events) FILTER (WHERE event_type = 'transaction') AS purchases
FROM gold.activity
GROUP BY event_hour
ORDER BY event_hour""",
    "Items that many look at and nobody buys": """\
SELECT item_id, sum(num_views) AS views, sum(num_adds) AS carts
FROM gold.item_performance
GROUP BY item_id
HAVING sum(num_transactions) = 0
ORDER BY views DESC
LIMIT 20""",
}
