-- table demo.app.item: id INT64, note STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, note STRING
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `note`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`note` = S.`note`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`) VALUES (S.`id`, S.`note`)
