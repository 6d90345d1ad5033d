-- table demo.app.doc: id STRING, what STRING, version BYTES
-- table demo.app_staging.doc__RUN: _plimsoll_op STRING, id STRING, what STRING, version BYTES
MERGE `demo.app.doc` AS T
USING `demo.app_staging.doc__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `what`, `version`) VALUES (S.`id`, S.`what`, S.`version`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
