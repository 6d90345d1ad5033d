-- table demo.app.code: code STRING, what INT64
-- table demo.app_staging.code__RUN: _plimsoll_op STRING, code STRING, what INT64
MERGE `demo.app.code` AS T
USING `demo.app_staging.code__RUN` AS S
ON T.`code` = S.`code` AND T.`code` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`code`, `what`) VALUES (S.`code`, S.`what`)
