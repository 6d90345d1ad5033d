-- table demo.app.bytes: k BYTES, what STRING, version BYTES
-- table demo.app_staging.bytes__RUN: _plimsoll_op STRING, k BYTES, what STRING, version BYTES
MERGE `demo.app.bytes` AS T
USING (SELECT * FROM `demo.app_staging.bytes__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `k`, `what`, `version`) = 1) AS S
ON T.`k` = S.`k`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `what`, `version`) VALUES (S.`k`, S.`what`, S.`version`)
