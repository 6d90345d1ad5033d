-- table demo.app.part: code STRING, what STRING, version BYTES
-- table demo.app_staging.part__RUN: _plimsoll_op STRING, code STRING, what STRING, version BYTES
MERGE `demo.app.part` AS T
USING `demo.app_staging.part__RUN` AS S
ON T.`code` = S.`code` AND T.`code` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`code`, `what`, `version`) VALUES (S.`code`, S.`what`, S.`version`)
