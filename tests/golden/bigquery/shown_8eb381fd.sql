-- table demo.app.shown: order_id INT64, name STRING
-- table demo.app_staging.shown__RUN: _plimsoll_op STRING, order_id INT64, name STRING
MERGE `demo.app.shown` AS T
USING `demo.app_staging.shown__RUN` AS S
ON T.`order_id` = S.`order_id` AND T.`order_id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`order_id`, `name`) VALUES (S.`order_id`, S.`name`)
