-- table demo.app.code: code STRING, what INT64, version BYTES
-- table demo.app_staging.code__RUN: _plimsoll_op STRING, code STRING, what INT64, version BYTES
MERGE `demo.app.code` AS T
USING `demo.app_staging.code__RUN` AS S
ON T.`code` = S.`code`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`code`, `what`, `version`) VALUES (S.`code`, S.`what`, S.`version`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
