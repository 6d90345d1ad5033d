-- table demo.app.code: code STRING, what INT64, version BYTES
-- table demo.app_staging.code__RUN: _plimsoll_op STRING, code STRING, what INT64, version BYTES
MERGE `demo.app.code` AS T
USING (SELECT * FROM `demo.app_staging.code__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `code`, `what`, `version`) = 1) AS S
ON T.`code` = S.`code` AND T.`code` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`code`, `what`, `version`) VALUES (S.`code`, S.`what`, S.`version`)
