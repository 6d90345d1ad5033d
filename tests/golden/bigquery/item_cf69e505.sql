-- table demo.app.item: id INT64, name STRING, owner INT64
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, name STRING, owner INT64
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`name` = S.`name`, T.`owner` = S.`owner`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`, `owner`) VALUES (S.`id`, S.`name`, S.`owner`)
