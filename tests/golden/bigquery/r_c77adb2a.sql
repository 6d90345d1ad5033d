-- table demo.app.r: id INT64, price NUMERIC
-- table demo.app_staging.r__RUN: _plimsoll_op STRING, id INT64, price NUMERIC
MERGE `demo.app.r` AS T
USING `demo.app_staging.r__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `price`) VALUES (S.`id`, S.`price`)
