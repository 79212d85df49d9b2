"""datasets.synonyms — how other shops name the columns of a click-stream; a guess that the reader can change."""

SYNONYMS = {
    "timestamp": ("ts", "time", "eventtime", "eventtimestamp", "datetime", "createdat", "timestampms"),
    "visitorid": ("visitor", "user", "userid", "customerid", "clientid", "uid"),
    "event": ("eventtype", "type", "action", "eventname", "behavior", "behaviour"),
    "itemid": ("item", "product", "productid", "sku", "articleid"),
    "transactionid": ("transaction", "order", "orderid", "purchaseid", "basketid"),
    "property": ("propertyname", "attribute", "key"),
    "value": ("propertyvalue", "attributevalue", "val"),
    "categoryid": ("category", "catid", "id"),
    "parentid": ("parent", "parentcategory", "parentcategoryid"),
}
