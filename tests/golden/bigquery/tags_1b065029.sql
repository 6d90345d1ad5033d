-- table demo.app.tags: id STRING, label STRING
-- table demo.app_staging.tags__RUN: _plimsoll_op STRING, id STRING, label STRING
MERGE `demo.app.tags` AS T
USING `demo.app_staging.tags__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`label` = S.`label`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `label`) VALUES (S.`id`, S.`label`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
