"""predict.wording — what the model's inputs are called."""

LABELS = {
    "num_views": "Views",
    "num_adds": "Items put into the cart",
    "distinct_products": "Different items",
    "session_hour": "Hour of the visit's start",
    "decision_point": "Events so far",
    "session_weekday": "Weekday",
    "seconds_so_far": "Time so far",
    "seconds_since_last": "Pause before the latest event",
    "events_since_add": "Events since the cart",
    "num_same_item": "Events with the latest item",
    "num_same_category": "Events in its category",
    "is_item_in_cart": "Latest item is in the cart",
    "is_available": "Latest item can be bought",
    "price": "Its price",
    "num_unavailable": "Items that cannot be bought",
    "num_earlier_visits": "Earlier visits",
    "num_earlier_adds": "Put into the cart in earlier visits",
    "num_earlier_purchases": "Earlier visits that bought",
    "hours_since_visit": "Hours since the visit before",
    "item_views": "Views of the item before today",
    "item_cart_rate": "Cart rate of the item",
    "item_purchase_rate": "Purchase rate of the item",
    "category_cart_rate": "Cart rate of its category",
    "category_purchase_rate": "Purchase rate of its category",
    "probability": "The score",  # of predictions, where it is watched as inputs are
}
IN_PAIRS = {"num_adds": "Cart", "decision_point": "Events"}  # a pair of names stands in one line of a telephone


def label(group: str) -> str:
    """Return a group of terms in words; an interaction names both."""
    names = group.split(" × ")
    words = LABELS | IN_PAIRS if len(names) > 1 else LABELS
    return " × ".join(words.get(name, name) for name in names)
