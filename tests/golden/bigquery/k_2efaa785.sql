-- table demo.app.k: at TIMESTAMP, v STRING
-- table demo.app_staging.k__RUN: _plimsoll_op STRING, at TIMESTAMP, v STRING
MERGE `demo.app.k` AS T
USING `demo.app_staging.k__RUN` AS S
ON T.`at` = S.`at`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`at`, `v`) VALUES (S.`at`, S.`v`)
