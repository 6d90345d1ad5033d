-- table demo.app.item: id INT64, note STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, note STRING
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND (T.`note` IS DISTINCT FROM S.`note`) THEN UPDATE SET T.`note` = S.`note`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`) VALUES (S.`id`, S.`note`)
