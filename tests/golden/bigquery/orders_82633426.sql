-- table demo.app.orders: id INT64, name STRING, notes STRING, total NUMERIC
-- table demo.app_staging.orders__RUN: _plimsoll_op STRING, id INT64, name STRING, notes STRING, total NUMERIC
MERGE `demo.app.orders` AS T
USING `demo.app_staging.orders__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`name` IS DISTINCT FROM S.`name` OR T.`notes` IS DISTINCT FROM S.`notes` OR T.`total` IS DISTINCT FROM S.`total`) THEN UPDATE SET T.`name` = S.`name`, T.`notes` = S.`notes`, T.`total` = S.`total`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`, `notes`, `total`) VALUES (S.`id`, S.`name`, S.`notes`, S.`total`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
