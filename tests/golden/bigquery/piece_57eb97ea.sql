-- table demo.app.piece: k BYTES, what INT64, version BYTES
-- table demo.app_staging.piece__RUN: _plimsoll_op STRING, k BYTES, what INT64, version BYTES
MERGE `demo.app.piece` AS T
USING `demo.app_staging.piece__RUN` AS S
ON T.`k` = S.`k`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `what`, `version`) VALUES (S.`k`, S.`what`, S.`version`)
