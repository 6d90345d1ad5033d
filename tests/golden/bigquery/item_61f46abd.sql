-- table demo.app.item: id INT64, name STRING, owner INT64
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, name STRING, owner INT64
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`name` IS DISTINCT FROM S.`name` OR T.`owner` IS DISTINCT FROM S.`owner`) THEN UPDATE SET T.`name` = S.`name`, T.`owner` = S.`owner`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `name`, `owner`) VALUES (S.`id`, S.`name`, S.`owner`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
