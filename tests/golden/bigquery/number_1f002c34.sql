-- table demo.app.number: k STRING, what STRING, version BYTES
-- table demo.app_staging.number__RUN: _plimsoll_op STRING, k STRING, what STRING, version BYTES
MERGE `demo.app.number` AS T
USING (SELECT * FROM `demo.app_staging.number__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `k`, `what`, `version`) = 1) AS S
ON T.`k` = S.`k` AND T.`k` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `what`, `version`) VALUES (S.`k`, S.`what`, S.`version`)
