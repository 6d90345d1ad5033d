-- table demo.app.seen: id INT64, label STRING
-- table demo.app_staging.seen__RUN: _plimsoll_op STRING, id INT64, label STRING
MERGE `demo.app.seen` AS T
USING `demo.app_staging.seen__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`label` = S.`label`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `label`) VALUES (S.`id`, S.`label`)
