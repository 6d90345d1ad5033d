-- table demo.app.m: at TIMESTAMP, v STRING
-- table demo.app_staging.m__RUN: _plimsoll_op STRING, at TIMESTAMP, v STRING
MERGE `demo.app.m` AS T
USING `demo.app_staging.m__RUN` AS S
ON T.`at` = S.`at`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`at`, `v`) VALUES (S.`at`, S.`v`)
