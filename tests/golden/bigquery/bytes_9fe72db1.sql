-- table demo.app.bytes: k BYTES, n INT64
-- table demo.app_staging.bytes__RUN: _plimsoll_op STRING, k BYTES, n INT64
MERGE `demo.app.bytes` AS T
USING (SELECT * FROM `demo.app_staging.bytes__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `k`, `n`) = 1) AS S
ON T.`k` = S.`k`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `n`) VALUES (S.`k`, S.`n`)
