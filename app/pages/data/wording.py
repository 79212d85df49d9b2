"""data.wording — what the page says of files."""

WHAT = (
    "The files become a lake of their own: cleaned, cut into visits and summed up as the site's own data are. Events "
    "alone are enough; what needs items or categories says so where they are missing."
)
NEEDS = (
    ("timestamp,visitorid,event,itemid,transactionid", "events: epoch milliseconds; view, addtocart or transaction"),
    ("timestamp,itemid,property,value", "item properties: categoryid, available and 790 are read"),
    ("categoryid,parentid", "a category tree; the parent of a root is empty"),
)
